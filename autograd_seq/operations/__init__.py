"""Every differentiable operation: one declarative record each, a file per family."""

from autograd_seq.core.operation import BY_NUMPY as _BY_NUMPY
from autograd_seq.operations.arithmetic import (
    accumulate,
    add,
    as_float,
    as_integer,
    astype,
    divide,
    identity,
    multiply,
    negative,
    power,
    square,
    stop_gradient,
    subtract,
)
from autograd_seq.operations.comparison import (
    all,
    any,
    argmax,
    argmin,
    equal,
    greater,
    greater_equal,
    isfinite,
    isnan,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    not_equal,
)
from autograd_seq.operations.elementwise import (
    abs,
    as_finite,
    clip,
    cos,
    exp,
    expm1,
    log,
    log1p,
    maximum,
    minimum,
    relu,
    sigmoid,
    sign,
    sin,
    softplus,
    sqrt,
    tanh,
    where,
)
from autograd_seq.operations.exponentials import cbrt, logaddexp
from autograd_seq.operations.indexing import assign, getitem, scatter, split, take
from autograd_seq.operations.joining import hstack, vstack
from autograd_seq.operations.linear import dot, einsum, matmul, outer
from autograd_seq.operations.ordering import argsort, pick, spread
from autograd_seq.operations.probability import (
    above_zero,
    binary_cross_entropy,
    binary_cross_entropy_from_logits,
    categorical_cross_entropy,
    categorical_cross_entropy_from_logits,
    log_softmax,
    logsumexp,
    softmax,
)
from autograd_seq.operations.reduction import cumsum, max, mean, min, norm, prod, std, sum, var
from autograd_seq.operations.remainders import remainder, whole_quotient
from autograd_seq.operations.shape import (
    broadcast_to,
    concatenate,
    expand_dims,
    flip,
    moveaxis,
    ravel,
    reshape,
    squeeze,
    stack,
    swapaxes,
    transpose,
)
from autograd_seq.operations.signatures import SIGNATURES as _SIGNATURES
from autograd_seq.operations.singular import dyads, from_singular, singular_values
from autograd_seq.operations.solving import adjugate, cholesky, det, inv, logabsdet, solve_columns
from autograd_seq.operations.trigonometry import (
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    cosh,
    hypot,
    sinh,
    tan,
)

__all__ = [
    "above_zero", "abs", "accumulate", "add", "adjugate", "all", "any", "arccos", "arccosh", "arcsin", "arcsinh",
    "arctan", "arctan2", "arctanh", "argmax", "argmin", "argsort", "as_finite", "as_float", "as_integer", "assign",
    "astype",
    "binary_cross_entropy", "binary_cross_entropy_from_logits", "broadcast_to", "categorical_cross_entropy",
    "categorical_cross_entropy_from_logits", "cbrt", "cholesky", "clip", "concatenate", "cos", "cosh", "cumsum", "det",
    "divide", "dot", "dyads", "einsum", "equal", "exp", "expand_dims", "expm1", "flip", "from_singular", "getitem",
    "greater", "greater_equal", "hstack", "hypot", "identity", "inv", "isfinite", "isnan", "less", "less_equal", "log",
    "log1p", "log_softmax", "logabsdet", "logaddexp", "logical_and", "logical_not", "logical_or", "logsumexp",
    "matmul", "max", "maximum", "mean", "min", "minimum", "moveaxis", "multiply", "negative", "norm", "not_equal",
    "outer", "pick", "power", "prod", "ravel", "relu", "remainder", "reshape", "scatter", "sigmoid", "sign", "sin",
    "singular_values", "sinh", "softmax", "softplus", "solve_columns", "split", "spread", "sqrt", "square", "squeeze",
    "stack", "std", "stop_gradient", "subtract", "sum", "swapaxes", "take", "tan", "tanh", "transpose", "var",
    "vstack", "where", "whole_quotient",
]  # fmt: skip

_BY_NUMPY.update(_SIGNATURES)

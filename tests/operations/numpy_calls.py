"""Calls of NumPy's functions that are made of several records: text, then the arrays x and y to try them on."""

import numpy as np

RNG = np.random.default_rng(8)
# No two elements are so close, and none is so close to a step, that a difference would lead over one.
X = RNG.permutation(24).reshape(2, 3, 4) * 0.23 - 2.9
M = np.array([[0.31, -1.24, 0.83], [1.57, -0.46, -0.88]])
N = RNG.permutation(12).reshape(3, 4) * 0.31 - 1.8
V, W = RNG.normal(size=3), RNG.normal(size=3)
P = np.array([[0.62, 0.24, 0.41], [0.87, 0.33, 0.74]])
Q = RNG.uniform(-0.4, 0.4, (3, 3)) + np.diag([1.5, -1.2, 1.1])
D = Q @ Q.T + np.eye(3)
S = np.array(0.7)
PLACES = np.array([0.0, 0.3, 0.5, 1.4, 2.0, 2.1, 3.3])
LONG = RNG.permutation(7) * 0.37 - 1.0
HOLES = np.where(np.arange(6).reshape(2, 3) == 4, np.nan, M)

ELEMENTWISE = {
    "np.tan(x)": (P,), "np.sinh(x)": (M,), "np.cosh(x)": (M,), "np.arcsin(x)": (P,), "np.arccos(x)": (P,),
    "np.arctan(x)": (M,), "np.arcsinh(x)": (M,), "np.arccosh(x + 1)": (P,), "np.arctanh(x)": (P,),
    "np.exp2(x)": (M,), "np.cbrt(x)": (M,), "np.arctan2(x, y)": (M, P), "np.hypot(x, y)": (M, P),
    "np.logaddexp(x, y)": (M, P), "np.logaddexp2(x, y)": (M, P), "np.fmax(x, y)": (M, P), "np.fmin(x, 0.1)": (M,),
    "np.sinc(x)": (M,), "np.nan_to_num(x, nan=2.0)": (M,), "np.remainder(x, y)": (M, P), "np.fmod(x, y)": (M, P),
    "x % 0.7": (M,), "np.mod(2.5, x)": (P,), "divmod(x, 0.3)[1]": (M,), "np.divmod(x, 0.3)[1]": (M,),
    "np.modf(x)[0]": (M,), "np.heaviside([-1.0, 0.0, 2.0], x)": (V,), "np.copysign(x, y)": (M, P - 0.5),
    "np.deg2rad(x)": (M,), "np.degrees(x)": (M,), "np.radians(x)": (M,), "np.rad2deg(x)": (M,),
    "np.ldexp(x, 3)": (M,),
    "np.conjugate(x)": (M,), "np.real(x)": (M,), "np.astype(x, 'float64')": (M,),
}  # fmt: skip
REDUCTIONS = {
    "np.sum(x, where=y > 0.5)": (M, P), "np.sum(x, axis=0, initial=2.0)": (M,), "np.sum(x, dtype='float64')": (M,),
    "x.sum(axis=1, where=np.array([True, False, True]))": (M,),
    "np.prod(x, axis=1, where=np.array([True, False, True]))": (M,),
    "np.max(x, axis=0, initial=0.2)": (M,), "np.min(x, initial=9.0, where=x > 0)": (M,),
    "np.mean(x, axis=1, where=x > -1.5)": (M,),
    "np.var(x, correction=1)": (V,), "np.var(x, axis=1, correction=1)": (M,), "np.var(x, where=x > -0.5)": (M,),
    "np.std(x, axis=0, mean=np.mean(x, axis=0, keepdims=True))": (M,), "x.std(ddof=1)": (V,),
    "np.average(x)": (M,), "np.average(x, weights=y)": (M, P), "np.average(x, axis=1, weights=y)": (M, V**2 + 1),
    "np.average(x, axis=0, weights=[1.0, 2.0], returned=True)[0]": (M,), "np.ptp(x, axis=1)": (M,),
    "np.median(x)": (LONG,), "np.median(x, axis=1)": (M,), "np.median(x, axis=(0, 2), keepdims=True)": (X,),
    "np.percentile(x, 30)": (LONG,), "np.percentile(x, [10, 60], axis=1)": (X,),
    "np.quantile(x, 0.3, method='lower')": (LONG,),
    "np.quantile(x, [[0.1, 0.2]], axis=0, keepdims=True)": (X,), "np.quantile(x, 0.4, method='midpoint')": (LONG,),
    "np.nanmedian(x, axis=(0, 2), keepdims=True)": (X,), "np.nanmedian(x, keepdims=True)": (M,),
    "np.nanmedian(np.where(np.tri(3, 4, 1) > 0, x, np.nan), axis=0)": (N,),
    "np.nanquantile(np.where(np.tri(3, 4, 1) > 0, x, np.nan), [0.2, 0.7], axis=1)": (N,),
    "np.nanpercentile(np.where(np.tri(3, 4, 1) > 0, x, np.nan), 35, axis=1, method='nearest')": (N,),
    "np.quantile(x, 0.37, method='hazen')": (LONG,), "np.quantile(x, 0.02, method='weibull')": (LONG,),
    "np.quantile(x, [0.3, 0.8], method='median_unbiased')": (LONG,),
    "np.quantile(x, [0.3, 0.8], axis=1, method='normal_unbiased')": (M,),
    "np.percentile(x, 44, method='interpolated_inverted_cdf')": (LONG,),
    "np.average(x, axis=1, returned=True)[1] * x": (Q,), "np.average(x, axis=(0, 1), weights=y)": (X, P),
    "np.average(x, axis=(1, 0), weights=y)": (X, P.T.copy()),
    "np.fmax.reduce(x, axis=1)": (M,), "np.fmin.reduce(x, axis=None)": (M,), "np.subtract.reduce(x, axis=1)": (M,),
    "np.divide.reduce(x, axis=1, keepdims=True)": (P,), "np.logaddexp2.reduce(x, axis=(0, 1))": (M,),
    "np.logaddexp2.accumulate(x)": (V,), "np.logaddexp2.outer(x, y)": (V, W), "np.power.accumulate(x)": (V**2 + 0.5,),
    "np.nansum(x, axis=0)": (M,), "np.nanmean(x)": (M,), "np.nanmax(x, axis=1)": (M,), "np.nanmin(x)": (M,),
    "np.nanprod(x, axis=1)": (M,), "np.nanvar(x, ddof=1)": (M,), "np.nanstd(x, axis=0)": (M,),
    "np.nanmedian(x)": (M,),
    "np.nanmedian(x, axis=1)": (M,), "np.nanpercentile(x, 30)": (M,), "np.nanquantile(x, 0.3, axis=0)": (M,),
    "np.linalg.norm(x, 3)": (V,), "np.linalg.norm(x, 1)": (M,), "np.linalg.norm(x, np.inf)": (M,),
    "np.linalg.norm(x, -1, axis=(0, 2))": (X,), "np.linalg.norm(x, -np.inf, keepdims=True)": (M,),
    "np.linalg.norm(x, -np.inf)": (np.array([0.9, -0.4, 1.3]),), "np.linalg.vector_norm(x)": (M,),
    "np.linalg.vector_norm(x, axis=0, ord=3)": (M,),
    "np.linalg.matrix_norm(x)": (X,), "np.linalg.matrix_norm(x, ord=1)": (X,),
    "np.logaddexp.reduce(x, axis=1)": (M,), "np.hypot.reduce(x)": (M,), "np.multiply.reduce(x)": (M,),
    "np.minimum.reduce(x)": (M,),
}  # fmt: skip
RUNNING = {
    "np.cumprod(x)": (M,), "np.cumprod(x, axis=1)": (M,), "x.cumprod(axis=0)": (M,),
    "np.multiply.accumulate(x)": (M,),
    "np.add.accumulate(x)": (M,), "np.maximum.accumulate(x, axis=1)": (M,), "np.logaddexp.accumulate(x)": (V,),
    "np.cumsum(x, dtype='float64')": (M,), "np.nancumsum(x)": (M,), "np.nancumprod(x, axis=1)": (M,),
    "np.diff(x)": (M,), "np.diff(x, n=2, axis=2)": (X,), "np.diff(x, prepend=0.0)": (M,),
    "np.diff(x, axis=0, append=y)": (M, P),
    "np.ediff1d(x)": (M,), "np.ediff1d(x, to_end=9.0)": (V,), "np.gradient(x)": (LONG,),
    "np.gradient(x, 0.5, axis=2)": (X,),
    "np.gradient(x)[1]": (M,), "np.trapezoid(x)": (M,), "np.trapezoid(x, dx=0.5, axis=0)": (M,),
    "np.trapezoid(x, np.array([0.0, 1.0, 3.0]))": (M,), "np.interp(x, np.array([0.0, 0.4, 2.0]), y)": (P, V),
    "np.interp(x, np.array([-9.0, -8.0]), y, left=2.0)": (M, V[:2]),
    "np.trapezoid(x, y)": (V, np.array([0.0, 0.7, 2.0])),
    "np.gradient(x, y)": (LONG, PLACES), "np.gradient(x, y, edge_order=2)": (LONG, PLACES),
    "np.gradient(x, 0.4, edge_order=2)": (LONG,), "np.gradient(x, [0.0, 1.0], y)[1]": (M, PLACES[:3]),
    "np.gradient(x, y, axis=(0, 2), edge_order=1)[1]": (X, S),
    "np.gradient(x, y, axis=-1, edge_order=2)": (X, PLACES[:4]),
    "np.interp(x, y, [0.3, 0.9, -1.0], period=2.5)": (LONG * 4, V),
    "np.interp(x, [2.2, 0.3], y, period=-3.0)": (M, V[:2]),
    "np.linspace(x, y, 5)": (V, W), "np.linspace(x, 3.0, 4, endpoint=False)": (S,),
    "np.linspace(0.0, x, 4, axis=1)": (M,),
    "np.linspace(x, y, 4, axis=-1)": (V, S), "np.linspace(x, 1.0, 3, retstep=True)[1]": (V,),
    "np.linspace(x, y, 1)": (V, W),
    "np.unwrap(x)": (LONG * 12,), "np.unwrap(x, axis=0, period=1.5)": (N,),
}  # fmt: skip
if hasattr(np, "cumulative_sum"):
    RUNNING |= {
        "np.cumulative_sum(x, axis=1)": (M,), "np.cumulative_prod(x)": (V,),
        "np.cumulative_sum(x, axis=0, include_initial=True)": (M,),
    }  # fmt: skip
PRODUCTS = {
    "np.tensordot(x, y)": (X, RNG.normal(size=(3, 4, 2))), "np.tensordot(x, y, axes=1)": (M, N),
    "np.tensordot(x, y, axes=([0, 1], [0, 1]))": (M, P), "np.tensordot(x, y, axes=(1, 0))": (M, N),
    "np.kron(x, y)": (M, N),
    "np.kron(x, y) ": (V, M), "np.vecdot(x, y)": (M, P), "np.linalg.vecdot(x, y, axis=0)": (M, P),
    "np.vdot(x, y)": (M, P),
    "np.cross(x, y)": (M, P), "np.cross(x, y, axis=0)": (N, N + 1), "np.linalg.cross(x, y)": (V, W),
    "np.inner(x, y)": (M, P),
    "np.linalg.multi_dot([x, y, y.T])": (M, N), "np.linalg.matmul(x, y)": (M, N), "np.linalg.outer(x, y)": (V, W),
    "np.linalg.tensordot(x, y, axes=1)": (M, N), "np.convolve(x, y)": (LONG, V),
    "np.convolve(x, y, 'same')": (V, LONG),
    "np.convolve(x, y, 'valid')": (LONG, V), "np.correlate(x, y)": (LONG, V), "np.correlate(x, y, 'full')": (V, LONG),
    "np.correlate(x, y, 'same')": (LONG, V), "np.polyval(x, y)": (V, P), "np.add.outer(x, y)": (V, M),
    "np.multiply.outer(x, y)": (M, V), "np.maximum.outer(x, y)": (V, W),
    "np.einsum('...i,ij->...j', x, y)": (X, RNG.normal(size=(4, 2))),
    "np.einsum('i...', x)": (X,), "np.einsum('...,...', x, y)": (X, V[:, None]),
    "np.einsum(x, [0, 1], y, [1, 2], [0, 2])": (M, N),
    "np.einsum(x, [0, 0])": (Q,), "np.einsum('...ii->...i', x)": (np.stack([Q, D]),),
    "np.linalg.inv(x)": (Q,), "np.linalg.det(x)": (Q,), "np.linalg.slogdet(x)[1]": (Q,),
    "np.linalg.det(x) ": (np.array([[1.0, 2.0], [2.0, 4.0]]),), "np.linalg.det(x)  ": (np.outer(V, W),),
    "np.linalg.norm(x, 2)  ": (N,), "np.linalg.norm(x, -2)": (M,), "np.linalg.norm(x, 'nuc')": (N,),
    "np.linalg.norm(x, 'nuc', axis=(2, 0))": (X,), "np.linalg.norm(x, 2, axis=(0, 1), keepdims=True)": (X,),
    "np.linalg.matrix_norm(x, ord=2)": (X,), "np.linalg.svdvals(x)": (M,),
    "np.linalg.svd(x, compute_uv=False)": (M,), "np.linalg.cond(x)": (M,), "np.linalg.cond(x, -2)": (M,),
    "np.linalg.cond(x, 1)": (Q,), "np.linalg.cond(x, 'fro')": (Q,),
    "np.linalg.solve(x, y)": (Q, V),
    "np.linalg.solve(x, y) ": (Q, N), "np.linalg.cholesky(x)": (D,), "np.linalg.cholesky(x, upper=True)": (D,),
    "np.linalg.matrix_power(x, 3)": (Q,), "np.linalg.matrix_power(x, -2)": (Q,),
    "np.linalg.matrix_power(x, 0) * x": (Q,),
    "np.linalg.tensorinv(x, ind=1)": (Q,), "np.trace(x, offset=1)": (Q,), "np.trace(x, 0, 1, 2)": (X,),
    "x.trace(offset=-1)": (Q,),
    "np.linalg.trace(x)": (X,), "np.linalg.diagonal(x, offset=1)": (X,),
}  # fmt: skip
if hasattr(np, "matvec"):
    PRODUCTS |= {"np.matvec(x, y)": (X, RNG.normal(size=4)), "np.vecmat(x, y)": (V, N)}
ARRANGED = {
    "np.diag(x)": (V,), "np.diag(x, 2)": (V,), "np.diag(x, -1)": (Q,), "np.diagflat(x, 1)": (M,), "np.tril(x)": (X,),
    "np.triu(x, 1)": (M,),
    "x.diagonal(1)": (Q,), "np.diagonal(x, 1, 0, 2)": (X,), "np.sort(x)": (X,), "np.sort(x, axis=None)": (M,),
    "np.sort(x, axis=0)": (M,),
    "np.partition(x, 2)": (LONG,), "np.partition(x, 1, axis=0)": (N,),
    "np.take_along_axis(x, np.array([[0], [2]]), 1)": (M,),
    "np.take_along_axis(x, np.array([[1, 0, 1]]), axis=0)": (M,), "np.pad(x, 1)": (M,),
    "np.pad(x, ((1, 0), (0, 2)), constant_values=3.0)": (M,),
    "np.pad(x, 2, mode='reflect')": (LONG,), "np.pad(x, 1, 'edge')": (M,), "np.pad(x, 1, 'wrap')": (M,),
    "np.pad(x, 1, 'symmetric')": (M,),
    "np.roll(x, (1, 2), axis=(0, 1))": (M,), "np.rot90(x)": (M,), "np.rot90(x, 3)": (M,),
    "np.rot90(x, 2, (1, 2))": (X,),
    "np.fliplr(x)": (M,), "np.flipud(x)": (M,), "np.array_split(x, 3)[0]": (LONG,),
    "np.array_split(x, [2], axis=1)[1]": (M,),
    "np.hsplit(x, 3)[1]": (M,), "np.vsplit(x, 2)[1]": (M,), "np.dsplit(x, 2)[1]": (X,),
    "np.matrix_transpose(x)": (X,), "x.mT": (X,),
    "np.linalg.matrix_transpose(x)": (X,), "np.permute_dims(x, (1, 0, 2))": (X,), "np.rollaxis(x, 2)": (X,),
    "np.rollaxis(x, 0, 2)": (X,),
    "np.select([x > 0.5, x > 0], [x, y], -1.0)": (M, P), "np.choose(np.array([0, 1, 0]), [x, y])": (V, W),
    "np.choose([0, 1, 0], x)": (M,), "np.choose([0, -1, 5], [x, y], mode='wrap')": (V, W),
    "np.choose([[0], [7]], [x, y], mode='clip')": (V, W), "np.take(x, [0, 7], mode='wrap')": (M,),
    "np.take(x, [[-1, 9]], axis=1, mode='clip')": (M,),
    "np.piecewise(x, [x < 0, x >= 0], [lambda v: v**2, lambda v: 3 * v])": (M,),
    "np.piecewise(x, [x < 0], [lambda v: -v, 1.0])": (M,),
    "np.insert(x, 1, y)": (V, S), "np.insert(x, 2, y, axis=1)": (M, V[:2]),
    "np.insert(x, [0, 2], y, axis=1)": (M, P[:, :2]),
    "np.insert(x, slice(0, 2), 0.5, axis=0)": (M,), "np.insert([1.0, 2.0], 1, x)": (V,),
    "np.delete(x, 1, axis=1)": (M,), "np.delete(x, [0, 2])": (LONG,),
    "np.compress([True, False, True], x, axis=1)": (M,),
    "np.extract(np.array([True, False, True]), x)": (V,), "np.resize(x, (2, 4))": (V,),
    "np.broadcast_arrays(x, np.ones((2, 3)))[0]": (V,),
    "np.meshgrid(x, y)[0]": (V, W[:2]), "np.meshgrid(x, y, indexing='ij')[1]": (V, W[:2]),
    "np.block([[x, y], [y, x]])": (M, P),
    "np.block([x, y])": (V, W), "np.ravel(x, order='F')": (M,), "x.ravel(order='F')": (M,),
    "np.reshape(x, (3, 2), order='F')": (M,),
    "x.repeat(2, axis=0)": (M,), "x.flat[3]": (M,), "np.clip(x, y, None)": (M, P - 0.5),
    "x.clip(y, 2.0)": (M, P - 0.5),
}  # fmt: skip
if hasattr(np, "unstack"):
    ARRANGED["np.unstack(x, axis=1)[2]"] = (M,)

CALLS = {**ELEMENTWISE, **REDUCTIONS, **RUNNING, **PRODUCTS, **ARRANGED}
WITHOUT_DERIVATIVE = {
    "np.invert(x > 0)": (M,), "~(x > 0)": (M,), "(x > 0) & (y > 0.5)": (M, P), "(x > 0) | (y > 0.5)": (M, P),
    "(x > 0) ^ (y > 0.5)": (M, P), "np.bitwise_and(x > 0, y > 0.5)": (M, P), "np.bitwise_or(x > 0, y > 0.5)": (M, P),
    "np.bitwise_xor(x > 0, y > 0.5)": (M, P), "np.logical_xor(x > 0, y > 0.5)": (M, P),
    "np.logical_xor(x, y)": (M, P),
    "np.logical_and.reduce(x > 0, axis=1)": (M,), "np.any(x > 0, axis=0, where=np.array([True, False, True]))": (M,),
    "np.all(x > 0, axis=1, where=x > -0.5)": (M,), "np.less.outer(x, y)": (V, W),
}  # fmt: skip
CONSTANT = {
    "np.floor_divide(x, 0.4)": (M,), "x // 0.4": (M,), "divmod(x, 0.4)[0]": (M,), "np.round(x, 1)": (M,),
    "x.round(1)": (M,),
    "np.trunc(x)": (M,), "np.fix(x)": (M,), "np.around(x)": (M,), "x.argsort()": (M,), "x.nonzero()[0]": (M,),
    "x.tolist()": (M,),
    "np.argpartition(x, 1)": (M,), "np.signbit(x)": (M,), "np.nanargmax(x)": (M,),
    "x.searchsorted(0.5)": (np.sort(LONG),),
    "np.linalg.vector_norm(x, ord=0)": (M,), "np.linalg.vector_norm(x, ord=0, axis=0, keepdims=True)": (M,),
    "np.isin(x, [1.0])": (M,), "np.linalg.norm(x, 0)": (V,), "np.histogram(x, 3)[0]": (M,), "np.isposinf(x)": (M,),
}  # fmt: skip

# Refused to a tensor with a gradient, in words.
REFUSED = [
    "np.unique(x)", "np.histogram(x, weights=x)", "np.bincount([0, 1], weights=x[0, :2])", "np.union1d(x, x)",
    "np.linalg.svd(x)",
    "np.linalg.norm(x, 5)", "np.linalg.norm(x[0], 'nuc')", "np.angle(x)", "np.polyfit([1, 2], x, 1)", "np.cov(x)",
    "np.pad(x, 1, 'linear_ramp')", "np.quantile(x, x)", "np.quantile(x, 0.5, method='inverted_cdf')",
    "np.gradient(x, edge_order=2)", "np.gradient(x, edge_order=3)", "np.gradient(x, x)",
    "np.max(x, where=x > 0)", "np.geomspace(x[0, 0], 1, 3)", "np.subtract.reduceat(x, [0])", "np.multiply.at(x, 0, 2)",
    "x.sort()",
    "x.fill(0)", "x.imag", "x.flags", "~x", "x & x", "np.nan_to_num(x, nan=x[0, 0])", "np.frexp(x)",
    "np.insert([1, 2], 0, x)", "np.unwrap(x, period=x[0, 0])",
    "np.choose([0, 5], [x, x])", "np.choose([0.5], [x, x])", "np.hypot.reduce(x, initial=1.0)",
    "np.pad(x, 1, 'reflect', reflect_type='odd')", "np.power.reduce(x)", "np.fmax.reduceat(x, [0])",
    "np.cross(x[:, :2], x[:, :2])", "np.trace(x[0])", "np.trace(x, x[0, 0])",
    "np.linalg.inv(x[:, :2] * 0)",
    "np.tril(x[0])",
    "np.cumulative_sum(x)",
    "np.matrix([[1.0, 2.0], [3.0, 4.0]]) * x[:, :2]", "np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]) * x",
    "np.rot90(x[0])",
    "np.tensordot(x, x, axes=1)", "np.convolve(x, x)", "np.select([x > 0], [x, x])", "np.einsum('...i...', x)",
    "np.array_split(x, 2, axis=5)",
]  # fmt: skip

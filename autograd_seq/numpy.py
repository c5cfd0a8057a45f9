"""NumPy for code that is to be recorded: ``import autograd_seq.numpy as np`` and leave the rest as it is.

There is no function in this file, and there must be none: it would look names up in this
module, where whatever a program asked for stands under NumPy's names, `all`, `sum` and `abs` among them.
"""

import numpy as _np

from autograd_seq.core.index_joins import c_ as c_
from autograd_seq.core.index_joins import r_ as r_
from autograd_seq.core.numpy_functions import array as array
from autograd_seq.core.numpy_functions import asanyarray as asanyarray
from autograd_seq.core.numpy_functions import asarray as asarray
from autograd_seq.core.numpy_functions import ascontiguousarray as ascontiguousarray
from autograd_seq.core.numpy_functions import concatenate as concatenate
from autograd_seq.core.numpy_functions import copy as copy
from autograd_seq.core.numpy_functions import empty as empty
from autograd_seq.core.numpy_functions import empty_like as empty_like
from autograd_seq.core.numpy_functions import eye as eye
from autograd_seq.core.numpy_functions import fft as fft
from autograd_seq.core.numpy_functions import finder as _finder
from autograd_seq.core.numpy_functions import full as full
from autograd_seq.core.numpy_functions import full_like as full_like
from autograd_seq.core.numpy_functions import hstack as hstack
from autograd_seq.core.numpy_functions import identity as identity
from autograd_seq.core.numpy_functions import linalg as linalg
from autograd_seq.core.numpy_functions import names as _names
from autograd_seq.core.numpy_functions import ones as ones
from autograd_seq.core.numpy_functions import ones_like as ones_like
from autograd_seq.core.numpy_functions import random as random
from autograd_seq.core.numpy_functions import vstack as vstack
from autograd_seq.core.numpy_functions import zeros as zeros
from autograd_seq.core.numpy_functions import zeros_like as zeros_like

__all__ = [*_np.__all__]
__getattr__ = _finder(globals())
__dir__ = _names

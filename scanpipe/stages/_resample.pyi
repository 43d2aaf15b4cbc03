import numpy as np
from numpy.typing import NDArray

def resample(
    source: NDArray[np.uint8],
    source_width: int,
    result: NDArray[np.uint8],
    width: int,
    starts: NDArray[np.int64],
    step: NDArray[np.int64],
    spans: NDArray[np.int64],
    lanes: int,
    /,
) -> None: ...

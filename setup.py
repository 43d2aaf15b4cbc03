"""What pyproject.toml cannot say without being experimental: the compiled resampler. Without a compiler, OpenCV does its work."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "scanpipe.stages._resample", ["scanpipe/stages/_resample.c"], extra_compile_args=["-O3"], optional=True
        )
    ]
)

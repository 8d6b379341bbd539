"""Ship the folders configs/ and experiments/ inside the package ganjax."""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["ganjax*"]),
        "ganjax.configs",
        "ganjax.configs.sweeps",
        *(f"ganjax.{name}" for name in find_packages(include=["experiments*"])),
    ],
    package_dir={
        "ganjax.configs": "configs",
        "ganjax.experiments": "experiments",
    },
)

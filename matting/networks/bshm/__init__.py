"""The BSHM network itself, to build graphs of the published shape with.

Liu et al., Boosting Semantic Human Matting with Coarse Annotations, CVPR 2020 (arXiv 2004.04955).
Runs on Python 3.7 too.
"""

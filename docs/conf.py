"""Sphinx configuration: `make docs` builds the site into `site/`."""

project = "AffectLens"
author = "The AffectLens authors"
copyright = f"2026, {author}"  # noqa: A001  Sphinx reads this name
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "AffectLens"
myst_heading_anchors = 3
exclude_patterns = ["images/**"]

"""Sphinx configuration: `make docs` builds the site into `site/`."""

project = "AffectLens"
author = "The AffectLens authors"
copyright = f"2026, {author}"  # noqa: A001  Sphinx reads this name
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "AffectLens"
myst_heading_anchors = 3
exclude_patterns = ["images/**"]
templates_path = ["_templates"]
default_role = "code"  # what stands between back-ticks in a docstring is code
autosummary_generate = True
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_use_rtype = False
napoleon_use_ivar = True  # attributes are described once, in the docstring of their class
suppress_warnings = ["ref.python"]  # a name that a package hands on is found twice

"""A believable fleet out of nothing: the same seed gives the same plants, versions and figures."""

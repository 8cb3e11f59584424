"""What daxswitch costs beside its peers: each figure from one run on one machine."""

"""A slow, obvious engine: one object after the other, in the order of anchors. The fast one is compared with it."""

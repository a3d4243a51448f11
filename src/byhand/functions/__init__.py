"""One function checked by itself: recorded and judged, its backward put under stress, and sealed from outside."""

SELECT -a, typeof(-a), +a, ~b FROM n;

int heliograph_zlib_anchor;

"""Where bytes lie: content-addressed stores, and the documents kept in them."""

"""HTTP for small pages: requests and responses as values, and a server nobody can hold up."""

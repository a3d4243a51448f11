"""The kinds of faults, a file for each family; every class is a page of the documentation."""

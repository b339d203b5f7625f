"""Private files, which only some people may open. They are stored separately from public files.

`private` is the storage, `file_checks` checks a file before it is stored, `uploads` receives large files, and
`file_responses` sends a file to a person who may open it.
"""

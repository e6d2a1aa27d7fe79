"""GraphQL over HTTP as the look-alikes of GitHub and Atlassian speak it: documents, and their execution."""

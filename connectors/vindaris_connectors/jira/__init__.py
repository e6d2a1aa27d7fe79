"""The Jira connector: Jira Cloud and Jira Data Center, told apart by the server itself."""

"""What we build upon, looked at: licences, known vulnerabilities, and the list that goes out with each build."""

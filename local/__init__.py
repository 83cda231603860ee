"""The local stack: an AWS emulator and a PostgreSQL server on this machine, and `serverless.yml` deployed into them."""

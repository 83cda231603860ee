"""The HTTP application of everybody's routes."""

from api import costs, description, documents, pages, recovery, uploads
from api.application import application

app = application(uploads.router, documents.router, pages.router, recovery.router, costs.router, description.router)

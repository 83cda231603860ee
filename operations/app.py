"""The HTTP application of operators' routes."""

from api.application import application
from operations import cost_routes, description, doctor_routes, letter_routes

app = application(letter_routes.router, doctor_routes.router, cost_routes.router, description.router)

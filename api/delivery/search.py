"""Search: cards in the order of how well they fit, with the places where the words stand."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import caching
from api.delivery import rendering, schemas
from api.delivery.lists import Fields, Filters, Ids, RelatedTo, limited_to, only
from api.deps import Limit, VisitOf
from api.links import Links
from api.pages import next_link, open_cursor, seal_cursor
from api.parts import Visit
from api.problems import declared
from api.routing import Route
from domain.errors import BadRequest
from infra import cards, moments
from infra.search import pages
from infra.search.finding import Place
from infra.search.query import MAX_TEXT, parse

router = APIRouter(prefix="/v1", tags=["Delivery"], route_class=Route)

"""What the reference says of itself."""

from typing import Final

from apps.api.reference import JSON, Answer, Operation, Part
from apps.api.schemas import mapping
from apps.reference.views import YAML, DocumentViewSet

PART: Final = Part(
    title="Reference",
    about="This document, for programs. The page for people is at `/reference/`.",
    operations={
        (DocumentViewSet, "as_yaml"): Operation(
            id="getOpenApiYaml",
            summary="Get this document as YAML",
            answers={
                200: Answer(
                    "OpenAPI 3.1.", mapping("", {"openapi": "3.1.0"}), media=YAML
                )
            },
        ),
        (DocumentViewSet, "as_json"): Operation(
            id="getOpenApiJson",
            summary="Get this document as JSON",
            answers={
                200: Answer(
                    "OpenAPI 3.1.", mapping("", {"openapi": "3.1.0"}), media=JSON
                )
            },
        ),
    },
)

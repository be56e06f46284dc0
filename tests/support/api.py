"""An API client for tests: Django's test client with a key and a project.

Every answer has to be one that the reference promises.
"""

from typing import Any

from rest_framework.test import APIClient

from tests.support.reference import judge_answer


class Api:
    """Calls ``/v1/projects/{project}/…`` with a bearer key."""

    def __init__(self, project: str, key: str) -> None:
        self.project = project
        self.key = key
        self._client = APIClient()

    def call(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        """Send one request; ``path`` is below the project unless it begins with /."""
        url = path if path.startswith("/") else f"/v1/projects/{self.project}/{path}"
        extra = {"Authorization": f"Bearer {self.key}", **headers}
        sent = {} if data is None else {"data": data, "format": "json"}
        answer = getattr(self._client, method)(url, headers=extra, **sent)
        media = answer.headers.get("Content-Type")
        body = answer.json() if answer.content else None
        judge_answer(method, url, answer.status_code, media, body)
        return answer

    def get(self, path: str, **headers: str) -> Any:
        """GET."""
        return self.call("get", path, **headers)

    def post(self, path: str, data: Any = None, **headers: str) -> Any:
        """POST a JSON body."""
        return self.call("post", path, {} if data is None else data, **headers)

    def patch(self, path: str, data: Any, **headers: str) -> Any:
        """PATCH a JSON body."""
        return self.call("patch", path, data, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        """DELETE."""
        return self.call("delete", path, **headers)

"""Write a program from an OpenAPI document alone: one function for each operation, and what the links lead to.

The writer knows OpenAPI and the operationIds that the program is to use; paths, parameters, bodies and links come from
the document.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

_HEAD: Final = '''"""Written from a document."""

import json
import sys
import urllib.request
from urllib.parse import quote, urlencode

ADDRESS = sys.argv[1]


def ask(method, path, query, headers, body):
    query = urlencode({name: value for name, value in query.items() if value is not None})
    headers = {name: value for name, value in headers.items() if value is not None}
    if body is not None:
        headers["Content-Type"] = "application/json"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ADDRESS + path + ("?" + query if query else ""), data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def at(answer, expression):
    value = answer
    for part in expression.removeprefix("$response.body#/").split("/"):
        value = value[int(part) if isinstance(value, list) else part]
    return value


def follow(name, answer, target):
    parameters = {parameter: at(answer, where) for parameter, where in LINKS[name][target].items()}
    return globals()[target](**{parameter.replace("-", "_").lower(): value for parameter, value in parameters.items()})
'''
_MAIN: Final = """
made = [create_run(body=EXAMPLES["create_run"]) for _ in range(7)]
cursor, listed, pages = None, [], 0
while pages == 0 or cursor is not None:
    page = list_runs(limit=3, cursor=cursor)
    cursor = at(page, LINKS["list_runs"]["list_runs"]["cursor"])
    listed, pages = listed + page[ITEMS], pages + 1
read = [follow("create_run", answer, "get_run") for answer in made]
first = follow("list_runs", list_runs(), "get_run")
print(json.dumps({"made": made, "listed": listed, "pages": pages, "read": read, "first": first}))
"""


def written(document: dict[str, Any]) -> str:
    """Return the text of the program."""
    functions, links, examples = [], {}, {}
    for method, path, item in operations(document):
        operation = item[method]
        body = operation.get("requestBody", {"content": {"application/json": {}}})["content"].get("application/json")
        if body is None:
            continue  # a file and nothing else is no matter of a few lines
        name = operation["operationId"]
        described = [resolved(document, found) for found in [*item.get("parameters", []), *operation["parameters"]]]
        functions.append(function(name, method, path, described, "requestBody" in operation))
        if "requestBody" in operation:
            examples[name] = body["example"]
        links[name] = {
            link["operationId"]: link["parameters"]
            for status, response in operation["responses"].items()
            if status.startswith("2")
            for link in response.get("links", {}).values()
        }
    constants = f"LINKS = {links!r}\nEXAMPLES = {examples!r}\nITEMS = {items_of(document)!r}\n"
    return "\n\n".join([_HEAD, *functions, constants, _MAIN])


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in item.keys() - {"parameters"}:
            yield method, path, item


def resolved(document: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference within the document."""
    if "$ref" not in found:
        return found
    value: Any = document
    for part in found["$ref"].removeprefix("#/").split("/"):
        value = value[part]
    return resolved(document, value)


def function(name: str, method: str, path: str, parameters: list[dict[str, Any]], has_body: bool) -> str:
    """Return the text of the function that sends one operation's request."""
    arguments = {parameter["name"]: re.sub(r"\W", "_", parameter["name"]).lower() for parameter in parameters}
    places: dict[str, list[str]] = {"query": [], "header": []}
    url = json.dumps(path)
    for parameter in parameters:
        argument = arguments[parameter["name"]]
        if parameter["in"] == "path":
            url += f'.replace("{{{parameter["name"]}}}", quote({argument}, safe=""))'
        else:
            places[parameter["in"]].append(f'"{parameter["name"]}": {argument}')
    signature = ", ".join(f"{argument}=None" for argument in [*arguments.values(), *(["body"] if has_body else [])])
    query, headers = (f"{{{', '.join(places[place])}}}" for place in ("query", "header"))
    call = f"ask({method.upper()!r}, {url}, {query}, {headers}, {'body' if has_body else None})"
    return f"def {name}({'*, ' if signature else ''}{signature}):\n    return {call}\n"


def items_of(document: dict[str, Any]) -> str:
    """Return the name of the member that holds the items of a page: the only list in it."""
    found = next(item["get"] for _, _, item in operations(document) if is_list(item))
    schema = resolved(document, found["responses"]["200"]["content"]["application/json"]["schema"])
    (name,) = [name for name, member in schema["properties"].items() if member.get("type") == "array"]
    return str(name)


def is_list(item: dict[str, Any]) -> bool:
    return bool(item.get("get", {}).get("operationId") == "list_runs")

"""References of our container images: each tag is a hash of the recipe, so the files decide what is built and sent."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

PREFIX = "localhost/lmsvc/"
ROOT = "debian"
BOOTSTRAP = Path("containers/debian/mmdebstrap.options")
"""How `debian` is made where there is no registry, one option of mmdebstrap per line."""
PINNED = re.compile(r"@sha256:[0-9a-f]{64}$")

Extra = Mapping[str, Mapping[str, str]]
"""Images of the site: name to parent and context, a directory with a Containerfile."""


class RecipeError(ValueError):
    """A recipe cannot be read; the message names the file and what to change."""


class Recipe(NamedTuple):
    """How one image is made: `parent` is empty for the one that all others stand on."""

    name: str
    parent: str
    context: Path
    containerfile: Path
    files: tuple[Path, ...]

    def content(self) -> Iterator[bytes]:
        """Yield what the image is made of, as far as it is in files: names, modes and contents."""
        for path in (self.containerfile, *self.files):
            state = path.stat()
            digest = _digest(path, state.st_mtime_ns, state.st_size)
            yield f"{path.relative_to(self.context)} {bool(state.st_mode & 0o100)} {digest}".encode()


class Recipes:
    """All recipes of a site, by name."""

    def __init__(self, project: Path, base: str, base_reference: str, extra: Extra) -> None:
        """Find the recipes of the project, and those that the site adds."""
        if base == "registry" and not PINNED.search(base_reference):
            raise RecipeError(
                f"images_base_reference is {base_reference!r}: pin the image as name@sha256:digest; "
                "a tag may name another image tomorrow"
            )
        self.project = project
        self._base = f"{base} {base_reference if base == 'registry' else ''}".encode()
        self._extra = extra

    @cached_property
    def all(self) -> dict[str, Recipe]:
        """Recipes by name."""
        found = {ROOT: Recipe(ROOT, "", self.project, self.project / BOOTSTRAP, ())}
        for path in sorted(self.project.glob("containers/*/Containerfile")):
            found[path.parent.name] = read_recipe(path.parent.name, self.project, path)
        for name, image in self._extra.items():
            context = Path(image["context"]).expanduser()
            found[name] = read_recipe(name, context, context / "Containerfile")._replace(parent=image["parent"])
        return found

    def chain(self, name: str) -> list[Recipe]:
        """Return the recipes of an image and of what it stands on, in the order to build them."""
        chain: list[Recipe] = []
        while name:
            if name not in self.all or self.all[name] in chain:
                raise RecipeError(f"image {name}: there is no such image, or it stands on itself")
            chain.insert(0, self.all[name])
            name = self.all[name].parent
        return chain

    def reference(self, name: str) -> str:
        """Return the reference of an image: another one as soon as anything that it is made of changes."""
        sha = hashlib.sha256(self._base)
        for recipe in self.chain(name):
            for line in recipe.content() if recipe.parent or self._base.startswith(b"mmdebstrap") else ():
                sha.update(line + b"\n")
        return f"{PREFIX}{name}:{sha.hexdigest()[:16]}"


def read_recipe(name: str, context: Path, containerfile: Path) -> Recipe:
    """Read what an image stands on and which files it copies."""
    if not containerfile.is_file():
        raise RecipeError(f"image {name}: there is no {containerfile}")
    text = containerfile.read_text(encoding="utf-8").replace("\\\n", " ")
    parent = re.search(rf"^FROM {PREFIX}([a-z0-9-]+)$", text, re.MULTILINE)
    sources = [word for line in re.findall(r"^(?:COPY|ADD) (.+)$", text, re.MULTILINE) for word in _sources(line)]
    files = tuple(sorted({file for source in sources for file in _files(name, context / source)}))
    return Recipe(name, parent[1] if parent else "", context, containerfile, files)


def _sources(line: str) -> list[str]:
    return [word for word in line.split() if not word.startswith("--")][:-1]


def _files(name: str, source: Path) -> Iterator[Path]:
    if not source.exists():
        raise RecipeError(f"image {name}: its Containerfile copies {source}, which does not exist")
    if source.is_file():
        yield source
        return
    for path in source.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


@lru_cache(maxsize=4096)
def _digest(path: Path, modified: int, size: int) -> str:
    """Read a file once, however often references are asked for, until it changes."""
    del modified, size
    return hashlib.sha256(path.read_bytes()).hexdigest()


def image_references(project: str, base: str, base_reference: str = "", extra: Extra | None = None) -> dict[str, str]:
    """Return the reference of every image by its name, for instance `localhost/lmsvc/web:0123456789abcdef`."""
    recipes = Recipes(Path(project), base, base_reference, extra or {})
    return {name: recipes.reference(name) for name in recipes.all}


def image_chain(
    names: Iterable[str], project: str, base: str, base_reference: str = "", extra: Extra | None = None
) -> list[dict[str, str]]:
    """Return these images and all that they stand on, parents first: what building them takes."""
    recipes = Recipes(Path(project), base, base_reference, extra or {})
    ordered = {recipe.name: recipe for name in names for recipe in recipes.chain(name)}
    return [_step(recipe, recipes) for recipe in ordered.values()]


def _step(recipe: Recipe, recipes: Recipes) -> dict[str, str]:
    return {
        "name": recipe.name,
        "reference": recipes.reference(recipe.name),
        "parent": recipes.reference(recipe.parent) if recipe.parent else "",
        "version": _version(recipes.project),
        "about": recipe.containerfile.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# "),
        "context": str(recipe.context),
        "containerfile": str(recipe.containerfile.relative_to(recipe.context)),
        "place": "project" if recipe.context == recipes.project else f"site/{recipe.name}",
    }


def _version(project: Path) -> str:
    found = re.search(r'__version__ = "(.+)"', (project / "lmsvc/__init__.py").read_text(encoding="utf-8"))
    return found[1] if found else "0"


class FilterModule:
    """The filters, as Ansible looks them up."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {function.__name__: function for function in (image_references, image_chain)}

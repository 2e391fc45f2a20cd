"""Repositories of Hugging Face's hub: what names one, what its cache has of it, and how it comes there.

The client, `huggingface_hub`, is an extra: whoever has it not reads the cache all the same.
"""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._cache import cache_directory as cache_directory
    from ._cache import cached_repositories as cached_repositories
    from ._cache import look_up as look_up
    from ._download import UnansweredError as UnansweredError
    from ._download import download as download
    from ._repository import check_revision as check_revision
    from ._repository import command_for as command_for
    from ._repository import gguf_file_at as gguf_file_at
    from ._repository import is_repository as is_repository
    from ._repository import repository_at as repository_at
    from ._switches import is_installed as is_installed
    from ._switches import offline as offline
else:
    __getattr__ = face(__name__)

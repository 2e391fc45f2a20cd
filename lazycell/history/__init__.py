"""What a name was: migrations, from the class that keeps them to the names they give. Needs no MindSpore."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._collect import migrations_in as migrations_in
    from ._former_names import Version as Version
    from ._former_names import former_versions as former_versions
    from ._migration import Migration as Migration
    from ._migration_files import append_migration as append_migration
    from ._migration_files import check_migration as check_migration
    from ._migration_files import migration_file as migration_file
    from ._migration_files import migrations_of as migrations_of
    from ._migration_files import now as now
    from ._name_rules import name_rules as name_rules
else:
    __getattr__ = face(__name__)

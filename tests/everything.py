"""All that a request could change: every row, and every file of the data folder."""

from sqlalchemy import select

from api.parts import Parts
from infra.tables import metadata


async def everything(parts: Parts) -> dict[str, list[str]]:
    """What is kept, to be compared before and after a request that must change nothing."""
    async with parts.database.read() as connection:
        kept = {
            table.name: sorted(map(repr, (await connection.execute(select(table))).all()))
            for table in metadata.sorted_tables
        }
    kept["files"] = sorted(
        f"{path} {path.stat().st_size}" for path in parts.settings.data_dir.rglob("*") if path.is_file()
    )
    return kept

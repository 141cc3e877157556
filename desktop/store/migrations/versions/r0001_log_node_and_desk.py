"""Revision 0001: the log, the node and the desk's own tables; record tables derive from the registry of kinds."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SCRIPT = """
CREATE TABLE IF NOT EXISTS log (seq INTEGER NOT NULL PRIMARY KEY, device TEXT NOT NULL,
  incarnation INTEGER NOT NULL, n BIGINT NOT NULL, grp BIGINT NOT NULL, scope TEXT NOT NULL, kind TEXT NOT NULL,
  record TEXT NOT NULL, salt BLOB, body BLOB, hash BLOB NOT NULL, held TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS ux_log_place ON log (device, incarnation, n);
CREATE INDEX IF NOT EXISTS ix_log_scope ON log (scope, seq);
CREATE INDEX IF NOT EXISTS ix_log_record ON log (record);
CREATE TABLE IF NOT EXISTS waiting (device TEXT NOT NULL, incarnation INTEGER NOT NULL, n BIGINT NOT NULL,
  grp BIGINT NOT NULL, seq BIGINT NOT NULL, salt BLOB NOT NULL, body BLOB NOT NULL, why TEXT NOT NULL,
  kind TEXT NOT NULL, record TEXT NOT NULL, scope TEXT NOT NULL, PRIMARY KEY (device, incarnation, n));
CREATE INDEX IF NOT EXISTS ix_waiting_record ON waiting (record);
CREATE TABLE IF NOT EXISTS sibling (id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, record TEXT NOT NULL,
  scope TEXT NOT NULL, field TEXT NOT NULL, version TEXT NOT NULL, value TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS ix_sibling_record ON sibling (record);
CREATE INDEX IF NOT EXISTS ix_sibling_scope ON sibling (scope);
CREATE TABLE IF NOT EXISTS parked_record (kind TEXT NOT NULL, id TEXT NOT NULL, scope TEXT NOT NULL,
  state TEXT NOT NULL, PRIMARY KEY (kind, id));
CREATE INDEX IF NOT EXISTS ix_parked_record_scope ON parked_record (scope);
CREATE TABLE IF NOT EXISTS digest (scope TEXT NOT NULL, kind TEXT NOT NULL, count BIGINT NOT NULL,
  total TEXT NOT NULL, PRIMARY KEY (scope, kind));
CREATE TABLE IF NOT EXISTS audience_digest (audience TEXT NOT NULL PRIMARY KEY, count BIGINT NOT NULL,
  total TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS chain (device TEXT NOT NULL, incarnation INTEGER NOT NULL, n BIGINT NOT NULL,
  head BLOB NOT NULL, PRIMARY KEY (device, incarnation));
CREATE TABLE IF NOT EXISTS node (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS scope_home (scope TEXT NOT NULL PRIMARY KEY, audience TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS ix_scope_home_audience ON scope_home (audience);
CREATE TABLE IF NOT EXISTS scope_grant (device TEXT NOT NULL, scope TEXT NOT NULL, PRIMARY KEY (device, scope));
CREATE INDEX IF NOT EXISTS ix_scope_grant_scope ON scope_grant (scope);
CREATE TABLE IF NOT EXISTS backfill (scope TEXT NOT NULL PRIMARY KEY, upto BIGINT NOT NULL, past BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS draft (id TEXT NOT NULL PRIMARY KEY, staff TEXT NOT NULL, form TEXT NOT NULL,
  about TEXT NOT NULL, data TEXT NOT NULL, bases TEXT NOT NULL, begun_at BIGINT NOT NULL,
  saved_at BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS ix_draft_staff ON draft (staff);
CREATE TABLE IF NOT EXISTS secret (name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS setting (staff TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (staff, name))
"""


def upgrade() -> None:
    """Make what is missing of these tables; a store that has them keeps them."""
    for statement in _SCRIPT.split(";"):
        op.execute(statement)


def downgrade() -> None:
    """There is no way back: the copy that was set aside is."""
    raise RuntimeError("restore the copy that was set aside before the upgrade")

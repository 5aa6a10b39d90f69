"""Membership in groups: identities, members, and proofs that somebody is one of them. See docs/groups.md."""

"""Deliverables: which there are, how far each has come, and which pages are theirs.

Other rooms use: ``fold.DELIVERABLES``, ``pages`` (who owns which page when), ``registration.Registrar`` (what becomes
of an unknown deliverable).
"""

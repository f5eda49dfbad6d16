"""delivery_ops: the control plane for marketing-agency delivery.

Empty on purpose: every name has one import path, the module it lives in.
"""

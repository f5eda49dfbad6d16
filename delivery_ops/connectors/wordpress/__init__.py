"""WordPress: its REST API (``client``, ``pull``), and the webhooks of a plugin that is shipped here (``translate``).

WordPress has no webhooks of its own. ``plugin/delivery-ops.php`` is copied to ``wp-content/mu-plugins`` and signs what
it sends as Standard Webhooks has it (``signatures.standard``). Without it everything is found by the next poll.
"""

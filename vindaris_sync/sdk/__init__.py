"""All that a connector's author imports: protocol, errors, settings, transport, registry and the contract suite."""

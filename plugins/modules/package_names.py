"""List the packages of a host: apt is only asked where one is missing, since opening its lists takes long."""

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: package_names
short_description: List the Debian packages that are installed
description: Sets the fact package_names, without versions, since asking dpkg is much faster than opening apt's lists.
author: lmsvc
"""

FORMAT = "${db:Status-Status} ${Package}\n"


def installed(text: str) -> list[str]:
    """Return the names of what is wholly installed, from lines of state and name."""
    pairs = (line.split(" ", 1) for line in text.splitlines())
    return sorted({name for state, name in pairs if state == "installed"})


def main() -> None:
    """Answer with the fact."""
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    _, output, _ = module.run_command(["dpkg-query", "--show", f"--showformat={FORMAT}"], check_rc=True)
    module.exit_json(changed=False, ansible_facts={"package_names": installed(output)})


if __name__ == "__main__":
    main()

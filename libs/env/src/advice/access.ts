import type { Adviser } from "./advice.ts";

const OTHERS = 0o077;

/** Who can get at the file and at the host. */
export const adviseOnAccess: Adviser = ({ ssh_authorized_keys, disable_root }, { mode = 0 }) => [
  ...(mode & OTHERS
    ? [
        {
          path: [],
          message: `others on this host may open the file with all its secrets (mode ${(mode & 0o777).toString(8).padStart(4, "0")})`,
          remedy: "Run: chmod 0600 on it.",
        },
      ]
    : []),
  ...(ssh_authorized_keys.length === 0
    ? [
        {
          path: ["ssh_authorized_keys"],
          message: disable_root
            ? "has no key, and disable_root is set: nobody can log in by ssh with what this file says"
            : "has no key: a host that is made anew from this file lets nobody in by ssh",
          remedy: "Put the public key of each administrator there.",
        },
      ]
    : []),
];

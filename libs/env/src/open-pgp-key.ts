import { checkOpenPgpSecretKey } from "./checks/open-pgp.ts";
import { text } from "./combinators.ts";

/** A setting with a key pair of OpenPGP, as the text of its secret key. @param name the user of the key in a new file */
export const openPgpKey = (name: string, doc: string) =>
  text({
    doc,
    type: "armored OpenPGP secret key",
    block: true,
    secret: true,
    initial: `{{ pgp_secret('${name}') }}`,
    check: checkOpenPgpSecretKey,
  });

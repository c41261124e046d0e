/** Name of the file in a work folder. */
export const CONFIG = "openssl.cnf";

/**
 * The configuration of `openssl req` and `openssl ca`. Nothing of it comes from outside: names are given with `-subj`, and the
 * alternative name is copied from there (`email:copy`), so that no value can become syntax.
 *
 * `pathlen:0`: this authority signs people, never another authority.
 * @see config(5ssl), openssl-ca(1ssl), x509v3_config(5ssl)
 */
export const CONFIG_TEXT = `
[ca]
default_ca = work
[work]
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = .
default_md = sha256
string_mask = utf8only
unique_subject = no
email_in_dn = yes
copy_extensions = none
policy = subject
[subject]
organizationName = optional
commonName = supplied
emailAddress = optional
[req]
distinguished_name = empty
string_mask = utf8only
[empty]
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
subjectAltName = email:copy
[list]
authorityKeyIdentifier = keyid:always
`;

import { LETS_ENCRYPT } from "../checks/acme.ts";
import { isPublicName } from "../checks/host-name.ts";
import type { Adviser } from "./advice.ts";

const PLACE = ["appliance", "ssl", "letsencrypt", "enabled"];

/** Where the certificate comes from, when env.yml says it in two ways or asks who cannot give one. */
export const adviseOnCertificate: Adviser = ({ appliance: { domain, ssl } }) => {
  const { enabled, directory_url } = ssl.letsencrypt;
  if (!enabled) return [];
  if (ssl.key !== undefined)
    return [
      {
        path: PLACE,
        message: "is on, and appliance:ssl:key is set: the certificate of that key is served, and none is fetched",
        remedy: "Set it to false, or take appliance:ssl:key and :cert away.",
      },
    ];
  if (isPublicName(domain) || directory_url !== LETS_ENCRYPT) return [];
  return [
    {
      path: PLACE,
      message: `is on, and nobody issues certificates for ${domain}: browsers get one that the appliance signs itself`,
      remedy: "Set it to false, or name the authority of your network in appliance:ssl:letsencrypt:directory_url.",
    },
  ];
};

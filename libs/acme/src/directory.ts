import * as z from "zod";

/** What an authority offers, and where; RFC 8555 section 7.1.1, RFC 9773 section 4, draft-ietf-acme-profiles. */
export const directorySchema = z.object({
  newNonce: z.string(),
  newAccount: z.string(),
  newOrder: z.string(),
  revokeCert: z.string().optional(),
  keyChange: z.string().optional(),
  renewalInfo: z.string().optional(),
  meta: z
    .object({
      termsOfService: z.string().optional(),
      website: z.string().optional(),
      caaIdentities: z.array(z.string()).optional(),
      externalAccountRequired: z.boolean().optional(),
      /** Name and description of each. */
      profiles: z.record(z.string(), z.string()).optional(),
    })
    .default({}),
});
export type Directory = z.infer<typeof directorySchema>;

import { isPublicName } from "@appliance/env";
import { readExtra } from "./extra.ts";
import { makeEnv, type NewEnv, type Template, type Wishes } from "./make-env.ts";
import { defaultTemplate } from "./template.ts";

/**
 * What makes an env.yml one to try the appliance with: the built-in application, mail that is really handed over, and no
 * certificate from Let's Encrypt for a name that nobody but the host knows.
 */
export function makeSampleEnv({ domain, extras = [], ...wishes }: Wishes): Promise<NewEnv> {
  const sample = readExtra(Buffer.from(SAMPLE_VALUES(isPublicName(domain))), { file: "the sample", domain });
  return makeEnv({ ...wishes, domain, template: wishes.template ?? sampleTemplate(), extras: [sample, ...extras] });
}

const SAMPLE_VALUES = (isPublic: boolean) => `
appliance:
  ssl: { letsencrypt: { enabled: ${isPublic} } }
ecs:
  git: { source: "builtin:sample" }
  userswitcher: { enabled: true }
`;

function sampleTemplate(): Template {
  const text = defaultTemplate().replace(
    /^( *EMAIL_BACKEND = )'.*'$/m,
    "$1'django.core.mail.backends.smtp.EmailBackend'",
  );
  return { file: "the template", text };
}

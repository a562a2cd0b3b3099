/** Every operation of every table, asked for without what its model says that it needs. */

import { NormalizedSchema } from "@smithy/core/schema";
import { assert, check } from "../lib/checks.mjs";
import { call, command, env } from "../lib/clients.mjs";

const CODES = { transfer: "InvalidRequestException", secretsmanager: "InvalidParameterException", lattice: "ValidationException",
  ec2: "MissingParameter", iam: "ValidationError", logs: "InvalidParameterException" };

/** The names on the wire of the members that an input must have; those that are part of a path cannot be left out. */
function needed(schema) {
  const raw = schema.getSchema();
  return raw[4].slice(0, raw[6] ?? 0).map((name) => [name, schema.getMemberSchema(name).getMergedTraits()])
    .filter(([, traits]) => !traits.httpLabel)
    .map(([name, traits]) => traits.ec2QueryName ?? (traits.xmlName ? traits.xmlName.replace(/^./, (c) => c.toUpperCase()) : name));
}

for (const served of JSON.parse(env.OPERATIONS)) {
  const [service, operation] = served.split(".");
  const schema = NormalizedSchema.of(command(service, operation, {}).schema[4]);
  const inPath = schema.isStructSchema() && Object.values(schema.getMemberSchemas()).some((one) => one.getMergedTraits().httpLabel);
  const names = schema.isStructSchema() && !inPath ? needed(schema) : [];
  if (names.length === 0 || !CODES[service]) continue;
  await check(`${operation} of ${service} without anything is ${CODES[service]}, and the sentence names what is missing`, async () => {
    const error = await call(service, operation).then(() => assert.fail("was not refused"), (refusal) => refusal);
    assert.equal(error.name, CODES[service], `${error.name}: ${error.message}`);
    assert.ok(names.some((name) => error.message.includes(name)), `names none of ${names}: ${error.message}`);
  });
}

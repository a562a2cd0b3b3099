/**
 * Looks at what really came over the wire, beside what the SDK makes of it: an SDK passes over members it does not know
 * and takes text for a number. Every answer of every check is compared with the schema of its operation.
 */

import { NormalizedSchema } from "@smithy/core/schema";
import { parseXML } from "@aws-sdk/xml-builder";

/** Sentences about answers that are not what the model says, since the check began. */
export const witnessed = [];

/** "service.Operation" of all that was answered with success. */
export const answered = new Set();

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const DATE_TIME = 5; // the schema of times that are text in JSON
const EVERYBODYS = ["__type", "message", "Message", "code"]; // what says which error it is, in JSON

function fault(where, what) {
  witnessed.push(`on the wire ${where} ${what}`);
}

function kindOf(value) {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function expect(kind, value, where) {
  if (kindOf(value) === kind) return true;
  fault(where, `is ${kindOf(value)} ${JSON.stringify(value)} and has to be ${kind}`);
  return false;
}

// ---- JSON

function jsonName(name, member) {
  return member.getMergedTraits().jsonName ?? name;
}

/** Members that are no part of the body: of headers and of the status. */
function inBody(member) {
  const traits = member.getMergedTraits();
  return !traits.httpHeader && !traits.httpPrefixHeaders && !traits.httpResponseCode;
}

function compareStructure(schema, value, where, allowed) {
  if (!expect("object", value, where)) return;
  const members = new Map();
  for (const [name, member] of schema.structIterator()) if (inBody(member)) members.set(jsonName(name, member), member);
  for (const [name, part] of Object.entries(value)) {
    const member = members.get(name);
    if (member) compareJson(member, part, `${where}.${name}`);
    else if (!allowed.includes(name)) fault(`${where}.${name}`, "is unknown to the model");
  }
  const raw = schema.getSchema();
  const needed = raw[4].slice(0, raw[6] ?? 0);
  for (const name of needed) if (members.has(name) && !(name in value)) fault(`${where}.${name}`, "is missing, and required");
  if (schema.isUnionSchema() && Object.keys(value).length !== 1) fault(where, "is a union and has not one member");
}

export function compareJson(schema, value, where, allowed = []) {
  if (schema.isUnitSchema()) {
    if (Object.keys(value).length > 0) fault(where, "has to be empty");
  } else if (schema.isStructSchema()) {
    compareStructure(schema, value, where, allowed);
  } else if (schema.isListSchema()) {
    if (expect("array", value, where)) value.forEach((one, i) => compareJson(schema.getValueSchema(), one, `${where}[${i}]`));
  } else if (schema.isMapSchema()) {
    if (!expect("object", value, where)) return;
    for (const [key, one] of Object.entries(value)) compareJson(schema.getValueSchema(), one, `${where}["${key}"]`);
  } else if (schema.isTimestampSchema()) {
    if (schema.getSchema() !== DATE_TIME) expect("number", value, where);
    else if (expect("string", value, where) && !ISO_TIME.test(value)) fault(where, `is no time: ${value}`);
  } else if (schema.isBooleanSchema()) {
    expect("boolean", value, where);
  } else if (schema.isNumericSchema()) {
    expect("number", value, where);
  } else {
    expect("string", value, where);
  }
}

// ---- XML

function xmlName(name, member) {
  return member.getMergedTraits().xmlName ?? name;
}

function asArray(value) {
  return Array.isArray(value) ? value : [value];
}

function compareXmlStructure(schema, value, where, allowed) {
  const members = new Map();
  for (const [name, member] of schema.structIterator()) if (inBody(member)) members.set(xmlName(name, member), member);
  if (value === "") return;
  if (!expect("object", value, where)) return;
  for (const [name, part] of Object.entries(value)) {
    const member = members.get(name);
    if (member?.getMergedTraits().xmlFlattened) asArray(part).forEach((one) => compareXml(member.getValueSchema(), one, `${where}.${name}`));
    else if (member) compareXml(member, part, `${where}.${name}`);
    else if (!allowed.includes(name)) fault(`${where}.${name}`, "is unknown to the model");
  }
  const raw = schema.getSchema();
  for (const name of raw[4].slice(0, raw[6] ?? 0)) {
    const onWire = [...members].find(([, member]) => member.getMemberName() === name)?.[0];
    if (!(onWire in value)) fault(`${where}.${onWire}`, "is missing, and required");
  }
}

/** @value: what parseXML() made; text, an object of elements, or an array of those that are there several times. */
export function compareXml(schema, value, where, allowed = []) {
  if (schema.isUnitSchema()) {
    const strangers = value === "" ? [] : Object.keys(value).filter((name) => !allowed.includes(name));
    if (strangers.length > 0) fault(where, `has ${strangers}, and has to be empty`);
  } else if (schema.isStructSchema()) {
    compareXmlStructure(schema, value, where, allowed);
  } else if (schema.isListSchema()) {
    if (value === "") return;
    const element = schema.getValueSchema();
    const name = element.getMergedTraits().xmlName ?? "member";
    if (!expect("object", value, where)) return;
    for (const stranger of Object.keys(value)) if (stranger !== name) fault(`${where}.${stranger}`, `has to be ${name}`);
    asArray(value[name] ?? []).forEach((one, i) => compareXml(element, one, `${where}[${i}]`));
  } else if (expect("string", value, where)) {
    if (schema.isTimestampSchema() && !ISO_TIME.test(value)) fault(where, `is no time: ${value}`);
    if (schema.isBooleanSchema() && !["true", "false"].includes(value)) fault(where, `is neither true nor false: ${value}`);
    if (schema.isNumericSchema() && Number.isNaN(Number(value || NaN))) fault(where, `is no number: ${value}`);
  }
}

// ---- whole answers

/** REST-XML: the member that is the whole body; undefined: the members themselves are in it. */
function payloadOf(output) {
  if (!output.isStructSchema()) return undefined;
  for (const [, member] of output.structIterator()) if (member.getMergedTraits().httpPayload) return member;
  return undefined;
}

const ENVELOPES = {
  ec2: { output: (root, name) => root[`${name}Response`], allowed: ["requestId", "return", "xmlns"] },
  query: { output: (root, name) => root[`${name}Response`]?.[`${name}Result`] ?? "", allowed: ["xmlns"] },
};

function compareSuccess(protocol, name, output, text, where) {
  if (protocol === "s3" && text === "") return; // all of it is in headers
  if (protocol === "json" || protocol === "rest") {
    compareJson(output, text === "" ? {} : JSON.parse(text), where);
    return;
  }
  const root = parseXML(text);
  if (protocol === "s3") {
    const schema = payloadOf(output) ?? output;
    // Its document is one text, which no member of the model stands for.
    if (name !== "GetBucketLocation") compareXml(schema, Object.values(root)[0], where, ["xmlns"]);
    return;
  }
  const value = ENVELOPES[protocol].output(root, name);
  if (value === undefined) fault(where, `has no <${name}Response>: ${text.slice(0, 200)}`);
  else compareXml(output, value, where, ENVELOPES[protocol].allowed);
}

/** AWS JSON has no headers but its own: what a model binds to one is in the body all the same. */
function headersInBody(protocol, schema) {
  return protocol === "json" ? [...schema.structIterator()].filter(([, member]) => !inBody(member)).map(([name]) => name) : [];
}

/** Of XML: which error it is, whose fault, and the id. */
function compareXmlRefusal(protocol, text, where) {
  const root = parseXML(text);
  const [error, id] = protocol === "ec2" ? [root.Response?.Errors?.Error, root.Response?.RequestID]
    : protocol === "s3" ? [root.Error, root.Error?.RequestId]
      : [root.ErrorResponse?.Error, root.ErrorResponse?.RequestId];
  const names = protocol !== "query" ? ["Code", "Message"] : ["Type", "Code", "Message"];
  if (!id || names.some((name) => !error?.[name])) fault(where, `is no refusal of its protocol: ${text}`);
}

function compareRefusal(protocol, errors, response, text, where) {
  const status = response.statusCode;
  if (protocol === "s3" && text === "") return; // to a HEAD
  if (protocol === "ec2" || protocol === "query" || protocol === "s3") {
    compareXmlRefusal(protocol, text, where);
    return;
  }
  const body = JSON.parse(text);
  const code = (response.headers["x-amzn-errortype"] ?? body.__type ?? "").replace(/^.*#/, "").replace(/:.*$/, "");
  const schema = errors[`${code}$`];
  if (!code) fault(where, "does not say which error it is");
  if (!schema) return; // common to all services: no model has it
  const normalized = NormalizedSchema.of(schema);
  compareJson(normalized, body, `${where} ${code}`, [...EVERYBODYS, ...headersInBody(protocol, normalized)]);
  const { error: side, httpError } = normalized.getMergedTraits();
  const modelled = (protocol === "rest" && httpError) || (side === "client" ? 400 : 500); // AWS JSON has no other two
  if (modelled !== status) fault(`${where} ${code}`, `has status ${status} and has to have ${modelled}`);
}

/**
 * A plugin for an SDK client: reads the answer before the SDK does.
 *
 * @service   how its operations are counted
 * @protocol  json, rest, ec2, query or s3
 * @module    the client's module, for the schemas of its errors
 */
export function witness(service, protocol, module) {
  const look = (next, context) => async (args) => {
    const result = await next(args);
    const { response } = result;
    const { operationSchema } = context.__smithy_context;
    if (response.statusCode < 300 && payloadOf(NormalizedSchema.of(operationSchema[5]))?.isStreaming()) {
      answered.add(`${service}.${operationSchema[2]}`); // an object's bytes
      return result;
    }
    const chunks = [];
    for await (const chunk of response.body) chunks.push(chunk);
    response.body = new Uint8Array(Buffer.concat(chunks));
    const text = Buffer.from(response.body).toString();
    const name = operationSchema[2];
    if (response.statusCode >= 300) {
      compareRefusal(protocol, module, response, text, name);
    } else {
      answered.add(`${service}.${name}`);
      compareSuccess(protocol, name, NormalizedSchema.of(operationSchema[5]), text, name);
    }
    return result;
  };
  return {
    applyToStack: (stack) => stack.add(look, { step: "deserialize", priority: "low", name: "witness" }),
  };
}

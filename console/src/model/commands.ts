/** A call as a person would type it: the same call, in a shell. */

/** Letters that no shell looks at. Everything else goes between quotes. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** Members that hold secrets, in whatever case. What is copied names a file instead. */
const SECRET = /^(secretstring|password|privatekey|secretaccesskey)$/i;

export function quoted(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** "ListConnectors" → "list-connectors", "vpcIdentifier" → "vpc-identifier", "S3Uri" → "s3-uri" */
export function kebab(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1-$2")
    .toLowerCase();
}

function isPlainList(value: unknown): value is (string | number)[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string" || typeof one === "number");
}

function argument(name: string, value: unknown): string {
  const option = `--${kebab(name)}`;
  if (SECRET.test(name)) return `${option} file://secret.json`;
  if (typeof value === "boolean") return value ? option : `--no-${kebab(name)}`;
  if (isPlainList(value)) return [option, ...value.map((one) => quoted(String(one)))].join(" ");
  return `${option} ${quoted(typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value))}`;
}

/** @service  as the aws command calls it */
export function awsCommand(service: string, operation: string, input: object): string {
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  return ["aws", service, kebab(operation), ...given.map(([name, value]) => argument(name, value))].join(" ");
}

/** A call of Sallyport's own API, which aws does not know. @target: path and query string */
export function curlCommand(method: string, target: string): string {
  const verb = method === "GET" ? "" : ` -X ${method}`;
  return (
    `curl -sS${verb} --aws-sigv4 aws:amz:$AWS_REGION:sallyport --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" ` +
    `"$AWS_ENDPOINT_URL"${quoted(target)}`
  );
}

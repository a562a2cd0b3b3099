/** Tags, as the services of AWS have them. */

interface Tag {
  Key?: string;
  Value?: string;
}

export function tagOf(tags: Tag[] | undefined, key: string): string | undefined {
  return tags?.find((tag) => tag.Key === key)?.Value;
}

/** What people call a resource of EC2. */
export function nameTag(tags: Tag[] | undefined): string | undefined {
  return tagOf(tags, "Name");
}

/** For a call that makes a resource of EC2; tags without a value are left out, and all of it where there is none. */
export function tagSpecifications<Type extends string>(type: Type, tags: Record<string, string | undefined>) {
  const given = Object.entries(tags).flatMap(([Key, Value]) => (Value ? [{ Key, Value }] : []));
  return given.length > 0 ? [{ ResourceType: type, Tags: given }] : undefined;
}

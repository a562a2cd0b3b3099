import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { awsCommand, curlCommand, kebab, quoted } from "../src/model/commands";

/** What a shell makes of a text: the words that a command would get. */
function words(text: string): string[] {
  const out = execFileSync("sh", ["-c", `printf '%s\\0' ${text}`]).toString();
  return out.split("\0").slice(0, -1);
}

describe("what is copied as a command", () => {
  it.each(["plain", "a b", "it's", `"double"`, "$HOME", "`id`", "a\nb", "", "!x", "*", "日本", "\\", "a;b", "--x='y'"])(
    "is one word to a shell: %j",
    (text) => expect(words(quoted(text))).toEqual([text]),
  );

  it("has the names that aws has", () => {
    expect(kebab("ListConnectors")).toBe("list-connectors");
    expect(kebab("vpcIdentifier")).toBe("vpc-identifier");
    expect(kebab("ListObjectsV2")).toBe("list-objects-v2");
    expect(kebab("TrustedHostKeys")).toBe("trusted-host-keys");
  });

  it("has lists as words, structures as JSON, and nothing of what was not said", () => {
    const command = awsCommand("transfer", "StartFileTransfer", {
      ConnectorId: "c-1",
      SendFilePaths: ["/a/b c", "/a/d"],
      RemoteDirectoryPath: undefined,
    });
    expect(words(command)).toEqual(["aws", "transfer", "start-file-transfer", "--connector-id", "c-1", "--send-file-paths", "/a/b c", "/a/d"]);
    const egress = { VpcLattice: { ResourceConfigurationArn: "arn:x", PortNumber: 22 } };
    expect(words(awsCommand("transfer", "CreateConnector", { EgressConfig: egress })).at(-1)).toBe(JSON.stringify(egress));
  });

  it("never has a secret", () => {
    const command = awsCommand("secretsmanager", "CreateSecret", { Name: "n", SecretString: '{"Password":"hunter2"}' });
    expect(command).not.toContain("hunter2");
    expect(command).toContain("--secret-string file://secret.json");
  });

  it("is curl where aws has no operation", () => {
    expect(curlCommand("POST", "/v1/connectors/c-1/test")).toContain("-X POST");
    expect(curlCommand("GET", "/v1/transfers?State=FAILED&Since=2026-01-01")).toContain("'/v1/transfers?State=FAILED&Since=2026-01-01'");
  });
});

import type { Vpc } from "@aws-sdk/client-ec2";
import { aws } from "../../api/aws";
import { nameTag, tagOf, tagSpecifications } from "../../api/names";
import { vpcs } from "../../api/networks";
import { given } from "../../model/fields";
import { type Kind, Resources } from "../../parts/resources";
import { State } from "../../parts/state";

const PROVIDERS = () => Promise.resolve([{ value: "netns" }, { value: "host" }]);

const kind: Kind<Vpc> = {
  title: "vpcs.title",
  about: "vpcs.about",
  load: vpcs,
  nameOf: (vpc) => vpc.VpcId ?? "",
  columns: [
    { header: "column.id", text: (vpc) => vpc.VpcId },
    { header: "column.name", text: (vpc) => nameTag(vpc.Tags) },
    { header: "column.block", text: (vpc) => vpc.CidrBlock },
    { header: "column.state", text: (vpc) => vpc.State, cell: (vpc) => <State of={vpc.State} /> },
    { header: "column.provider", text: (vpc) => tagOf(vpc.Tags, "sallyport:network") },
  ],
  create: {
    label: "vpcs.create",
    fields: [
      { name: "cidr", label: "column.block", kind: "text", placeholder: "10.7.0.0/16" },
      { name: "name", label: "column.name", kind: "text", optional: true },
      { name: "network", label: "column.provider", kind: "choice", optional: true, choices: PROVIDERS, about: "vpcs.providerAbout" },
    ],
    async run(values) {
      const tags = { Name: given(values.name), "sallyport:network": given(values.network) };
      await aws("ec2", "CreateVpc", { CidrBlock: given(values.cidr), TagSpecifications: tagSpecifications("vpc", tags) });
      return undefined;
    },
  },
  remove: (vpc) => aws("ec2", "DeleteVpc", { VpcId: vpc.VpcId }),
};

export const Vpcs = () => <Resources kind={kind} />;

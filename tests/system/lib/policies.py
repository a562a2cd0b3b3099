"""What stories about permissions share: documents, and the sentences of refusals."""

import json

import aws

ACCOUNT, REGION = "123456789012", "eu-central-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sallyport"


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions, resource="*", **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def deny(actions, resource="*", **more):
    return {"Effect": "Deny", "Action": actions, "Resource": resource, **more}


def trusting(service="transfer.amazonaws.com", **more):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **more}]})


def trusting_aws(principal, **more):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole", **more}]})


def refused(client, service, operation, arguments=None):
    try:
        client.call(service, operation, arguments or {})
    except aws.AwsError as error:
        return error
    raise AssertionError("was not refused")


def sentence(user, action, resource="*", why=None):
    where = f" on resource: {resource}" if resource else ""
    return (f"User: arn:aws:iam::{ACCOUNT}:user/{user} is not authorized to perform: {action}{where} "
            + (why or f"because no identity-based policy allows the {action} action"))


DENIED = "with an explicit deny in an identity-based policy"

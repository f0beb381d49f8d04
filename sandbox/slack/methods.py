"""Every method of the Web API that the stand-in knows, by name."""

from collections.abc import Callable

from sandbox.slack import chat, conversations, people, sessions, streams, threads, views
from sandbox.slack.arguments import Arguments
from sandbox.slack.chat import Result
from sandbox.slack.workspace import Workspace

METHODS: dict[str, Callable[[Workspace, Arguments], Result]] = {
    "auth.test": people.auth_test,
    "users.info": people.users_info,
    "users.conversations": conversations.of_us,
    "team.info": people.team_info,
    "chat.postMessage": chat.post_message,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.update": chat.update,
    "chat.delete": chat.delete,
    "chat.getPermalink": chat.get_permalink,
    "chat.startStream": streams.start_stream,
    "chat.appendStream": streams.append_stream,
    "chat.stopStream": streams.stop_stream,
    "conversations.info": conversations.info,
    "conversations.history": conversations.history,
    "conversations.replies": conversations.replies,
    "conversations.members": conversations.members,
    "conversations.open": conversations.open_conversation,
    "reactions.add": conversations.add_reaction,
    "reactions.remove": conversations.remove_reaction,
    "reactions.get": conversations.get_reactions,
    "views.open": views.open_view,
    "views.publish": views.publish_view,
    "views.update": views.update_view,
    "agents.sessions.setStatus": sessions.set_status,
    "assistant.threads.setStatus": threads.set_status,
    "assistant.threads.setTitle": threads.set_title,
    "assistant.threads.setSuggestedPrompts": threads.set_suggested_prompts,
}
